// c[M,N] (+)= a[M,K]·b[N,K]ᵀ (+ bias[N]) for N, K and the offsets multiples of 4.
// Register blocks: one invocation computes 8 rows × 16 columns of c in 32 named vec4 accumulators (an indexed local array
// would live in memory), reading straight from global memory. 
// Rows and columns beyond the edge are clamped on load and left out on store.
struct Params { M: u32, N: u32, K: u32, use_bias: u32, accumulate: u32, a_offset: u32, c_offset: u32 }
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

fn store(row: u32, column: u32, value: vec4f) {
  let width = params.N / 4u;
  if (row >= params.M || column >= width) { return; }
  let at = params.c_offset / 4u + row * width + column;
  var total = value;
  if (params.use_bias == 1u) { total += bias[column]; }
  c[at] = select(total, c[at] + total, params.accumulate == 1u);
}

@compute @workgroup_size(16)
fn matmul_nt(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 16u + id.x;
  let blocks = (params.N + 15u) / 16u;
  let row = (i / blocks) * 8u;
  let column = (i % blocks) * 4u; // in vec4s
  if (row >= params.M) { return; }
  var c00 = vec4f(0.0); var c01 = vec4f(0.0); var c02 = vec4f(0.0); var c03 = vec4f(0.0);
  var c10 = vec4f(0.0); var c11 = vec4f(0.0); var c12 = vec4f(0.0); var c13 = vec4f(0.0);
  var c20 = vec4f(0.0); var c21 = vec4f(0.0); var c22 = vec4f(0.0); var c23 = vec4f(0.0);
  var c30 = vec4f(0.0); var c31 = vec4f(0.0); var c32 = vec4f(0.0); var c33 = vec4f(0.0);
  var c40 = vec4f(0.0); var c41 = vec4f(0.0); var c42 = vec4f(0.0); var c43 = vec4f(0.0);
  var c50 = vec4f(0.0); var c51 = vec4f(0.0); var c52 = vec4f(0.0); var c53 = vec4f(0.0);
  var c60 = vec4f(0.0); var c61 = vec4f(0.0); var c62 = vec4f(0.0); var c63 = vec4f(0.0);
  var c70 = vec4f(0.0); var c71 = vec4f(0.0); var c72 = vec4f(0.0); var c73 = vec4f(0.0);
  let depth = params.K / 4u;
  let last = params.N - 1u;
  let a0 = params.a_offset / 4u + min(row + 0u, params.M - 1u) * depth;
  let a1 = params.a_offset / 4u + min(row + 1u, params.M - 1u) * depth;
  let a2 = params.a_offset / 4u + min(row + 2u, params.M - 1u) * depth;
  let a3 = params.a_offset / 4u + min(row + 3u, params.M - 1u) * depth;
  let a4 = params.a_offset / 4u + min(row + 4u, params.M - 1u) * depth;
  let a5 = params.a_offset / 4u + min(row + 5u, params.M - 1u) * depth;
  let a6 = params.a_offset / 4u + min(row + 6u, params.M - 1u) * depth;
  let a7 = params.a_offset / 4u + min(row + 7u, params.M - 1u) * depth;
  let n0 = min(column * 4u + 0u, last) * depth;
  let n1 = min(column * 4u + 1u, last) * depth;
  let n2 = min(column * 4u + 2u, last) * depth;
  let n3 = min(column * 4u + 3u, last) * depth;
  let n4 = min(column * 4u + 4u, last) * depth;
  let n5 = min(column * 4u + 5u, last) * depth;
  let n6 = min(column * 4u + 6u, last) * depth;
  let n7 = min(column * 4u + 7u, last) * depth;
  let n8 = min(column * 4u + 8u, last) * depth;
  let n9 = min(column * 4u + 9u, last) * depth;
  let n10 = min(column * 4u + 10u, last) * depth;
  let n11 = min(column * 4u + 11u, last) * depth;
  let n12 = min(column * 4u + 12u, last) * depth;
  let n13 = min(column * 4u + 13u, last) * depth;
  let n14 = min(column * 4u + 14u, last) * depth;
  let n15 = min(column * 4u + 15u, last) * depth;
  for (var k = 0u; k < depth; k++) {
    let v0 = a[a0 + k];
    let v1 = a[a1 + k];
    let v2 = a[a2 + k];
    let v3 = a[a3 + k];
    let v4 = a[a4 + k];
    let v5 = a[a5 + k];
    let v6 = a[a6 + k];
    let v7 = a[a7 + k];
    let b00 = b[n0 + k];
    let b01 = b[n1 + k];
    let b02 = b[n2 + k];
    let b03 = b[n3 + k];
    c00 += vec4f(dot(v0, b00), dot(v0, b01), dot(v0, b02), dot(v0, b03));
    c10 += vec4f(dot(v1, b00), dot(v1, b01), dot(v1, b02), dot(v1, b03));
    c20 += vec4f(dot(v2, b00), dot(v2, b01), dot(v2, b02), dot(v2, b03));
    c30 += vec4f(dot(v3, b00), dot(v3, b01), dot(v3, b02), dot(v3, b03));
    c40 += vec4f(dot(v4, b00), dot(v4, b01), dot(v4, b02), dot(v4, b03));
    c50 += vec4f(dot(v5, b00), dot(v5, b01), dot(v5, b02), dot(v5, b03));
    c60 += vec4f(dot(v6, b00), dot(v6, b01), dot(v6, b02), dot(v6, b03));
    c70 += vec4f(dot(v7, b00), dot(v7, b01), dot(v7, b02), dot(v7, b03));
    let b10 = b[n4 + k];
    let b11 = b[n5 + k];
    let b12 = b[n6 + k];
    let b13 = b[n7 + k];
    c01 += vec4f(dot(v0, b10), dot(v0, b11), dot(v0, b12), dot(v0, b13));
    c11 += vec4f(dot(v1, b10), dot(v1, b11), dot(v1, b12), dot(v1, b13));
    c21 += vec4f(dot(v2, b10), dot(v2, b11), dot(v2, b12), dot(v2, b13));
    c31 += vec4f(dot(v3, b10), dot(v3, b11), dot(v3, b12), dot(v3, b13));
    c41 += vec4f(dot(v4, b10), dot(v4, b11), dot(v4, b12), dot(v4, b13));
    c51 += vec4f(dot(v5, b10), dot(v5, b11), dot(v5, b12), dot(v5, b13));
    c61 += vec4f(dot(v6, b10), dot(v6, b11), dot(v6, b12), dot(v6, b13));
    c71 += vec4f(dot(v7, b10), dot(v7, b11), dot(v7, b12), dot(v7, b13));
    let b20 = b[n8 + k];
    let b21 = b[n9 + k];
    let b22 = b[n10 + k];
    let b23 = b[n11 + k];
    c02 += vec4f(dot(v0, b20), dot(v0, b21), dot(v0, b22), dot(v0, b23));
    c12 += vec4f(dot(v1, b20), dot(v1, b21), dot(v1, b22), dot(v1, b23));
    c22 += vec4f(dot(v2, b20), dot(v2, b21), dot(v2, b22), dot(v2, b23));
    c32 += vec4f(dot(v3, b20), dot(v3, b21), dot(v3, b22), dot(v3, b23));
    c42 += vec4f(dot(v4, b20), dot(v4, b21), dot(v4, b22), dot(v4, b23));
    c52 += vec4f(dot(v5, b20), dot(v5, b21), dot(v5, b22), dot(v5, b23));
    c62 += vec4f(dot(v6, b20), dot(v6, b21), dot(v6, b22), dot(v6, b23));
    c72 += vec4f(dot(v7, b20), dot(v7, b21), dot(v7, b22), dot(v7, b23));
    let b30 = b[n12 + k];
    let b31 = b[n13 + k];
    let b32 = b[n14 + k];
    let b33 = b[n15 + k];
    c03 += vec4f(dot(v0, b30), dot(v0, b31), dot(v0, b32), dot(v0, b33));
    c13 += vec4f(dot(v1, b30), dot(v1, b31), dot(v1, b32), dot(v1, b33));
    c23 += vec4f(dot(v2, b30), dot(v2, b31), dot(v2, b32), dot(v2, b33));
    c33 += vec4f(dot(v3, b30), dot(v3, b31), dot(v3, b32), dot(v3, b33));
    c43 += vec4f(dot(v4, b30), dot(v4, b31), dot(v4, b32), dot(v4, b33));
    c53 += vec4f(dot(v5, b30), dot(v5, b31), dot(v5, b32), dot(v5, b33));
    c63 += vec4f(dot(v6, b30), dot(v6, b31), dot(v6, b32), dot(v6, b33));
    c73 += vec4f(dot(v7, b30), dot(v7, b31), dot(v7, b32), dot(v7, b33));
  }
  store(row + 0u, column + 0u, c00);
  store(row + 0u, column + 1u, c01);
  store(row + 0u, column + 2u, c02);
  store(row + 0u, column + 3u, c03);
  store(row + 1u, column + 0u, c10);
  store(row + 1u, column + 1u, c11);
  store(row + 1u, column + 2u, c12);
  store(row + 1u, column + 3u, c13);
  store(row + 2u, column + 0u, c20);
  store(row + 2u, column + 1u, c21);
  store(row + 2u, column + 2u, c22);
  store(row + 2u, column + 3u, c23);
  store(row + 3u, column + 0u, c30);
  store(row + 3u, column + 1u, c31);
  store(row + 3u, column + 2u, c32);
  store(row + 3u, column + 3u, c33);
  store(row + 4u, column + 0u, c40);
  store(row + 4u, column + 1u, c41);
  store(row + 4u, column + 2u, c42);
  store(row + 4u, column + 3u, c43);
  store(row + 5u, column + 0u, c50);
  store(row + 5u, column + 1u, c51);
  store(row + 5u, column + 2u, c52);
  store(row + 5u, column + 3u, c53);
  store(row + 6u, column + 0u, c60);
  store(row + 6u, column + 1u, c61);
  store(row + 6u, column + 2u, c62);
  store(row + 6u, column + 3u, c63);
  store(row + 7u, column + 0u, c70);
  store(row + 7u, column + 1u, c71);
  store(row + 7u, column + 2u, c72);
  store(row + 7u, column + 3u, c73);
}
