// c[M,N] (+)= a[M,K]·b[K,N] (+ bias[N]) for N, c_offset multiples of 4.
// Register blocks: one invocation computes 8 rows × 16 columns of c in 32 named vec4 accumulators (an indexed local array
// would live in memory), reading straight from global memory. 
// Rows and columns beyond the edge are clamped on load and left out on store.
struct Params { M: u32, N: u32, K: u32, use_bias: u32, accumulate: u32, a_offset: u32, c_offset: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
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
fn matmul_nn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
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
  let width = params.N / 4u;
  let last = width - 1u;
  let a0 = params.a_offset + min(row + 0u, params.M - 1u) * params.K;
  let a1 = params.a_offset + min(row + 1u, params.M - 1u) * params.K;
  let a2 = params.a_offset + min(row + 2u, params.M - 1u) * params.K;
  let a3 = params.a_offset + min(row + 3u, params.M - 1u) * params.K;
  let a4 = params.a_offset + min(row + 4u, params.M - 1u) * params.K;
  let a5 = params.a_offset + min(row + 5u, params.M - 1u) * params.K;
  let a6 = params.a_offset + min(row + 6u, params.M - 1u) * params.K;
  let a7 = params.a_offset + min(row + 7u, params.M - 1u) * params.K;
  let n0 = min(column + 0u, last);
  let n1 = min(column + 1u, last);
  let n2 = min(column + 2u, last);
  let n3 = min(column + 3u, last);
  for (var k = 0u; k < params.K; k++) {
    let at = k * width;
    let b0 = b[at + n0];
    let b1 = b[at + n1];
    let b2 = b[at + n2];
    let b3 = b[at + n3];
    let v0 = a[a0 + k];
    c00 += v0 * b0;
    c01 += v0 * b1;
    c02 += v0 * b2;
    c03 += v0 * b3;
    let v1 = a[a1 + k];
    c10 += v1 * b0;
    c11 += v1 * b1;
    c12 += v1 * b2;
    c13 += v1 * b3;
    let v2 = a[a2 + k];
    c20 += v2 * b0;
    c21 += v2 * b1;
    c22 += v2 * b2;
    c23 += v2 * b3;
    let v3 = a[a3 + k];
    c30 += v3 * b0;
    c31 += v3 * b1;
    c32 += v3 * b2;
    c33 += v3 * b3;
    let v4 = a[a4 + k];
    c40 += v4 * b0;
    c41 += v4 * b1;
    c42 += v4 * b2;
    c43 += v4 * b3;
    let v5 = a[a5 + k];
    c50 += v5 * b0;
    c51 += v5 * b1;
    c52 += v5 * b2;
    c53 += v5 * b3;
    let v6 = a[a6 + k];
    c60 += v6 * b0;
    c61 += v6 * b1;
    c62 += v6 * b2;
    c63 += v6 * b3;
    let v7 = a[a7 + k];
    c70 += v7 * b0;
    c71 += v7 * b1;
    c72 += v7 * b2;
    c73 += v7 * b3;
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
