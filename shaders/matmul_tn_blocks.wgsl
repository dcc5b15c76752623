// c[M,N] (+)= a[K,M]ᵀ·b[K,N] for M, N and the offsets multiples of 4.
// Register blocks: one invocation computes 8 rows × 16 columns of c in 32 named vec4 accumulators (an indexed local array
// would live in memory), reading straight from global memory. 
// Rows and columns beyond the edge are clamped on load and left out on store.
struct Params { M: u32, N: u32, K: u32, accumulate: u32, a_offset: u32, b_offset: u32 }
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn store(row: u32, column: u32, value: vec4f) {
  let width = params.N / 4u;
  if (row >= params.M || column >= width) { return; }
  let at = row * width + column;
  c[at] = select(value, c[at] + value, params.accumulate == 1u);
}

@compute @workgroup_size(16)
fn matmul_tn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
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
  let height = params.M / 4u;
  let last = width - 1u;
  let m0 = min(row / 4u + 0u, height - 1u);
  let m1 = min(row / 4u + 1u, height - 1u);
  let n0 = min(column + 0u, last);
  let n1 = min(column + 1u, last);
  let n2 = min(column + 2u, last);
  let n3 = min(column + 3u, last);
  for (var k = 0u; k < params.K; k++) {
    let at = params.b_offset / 4u + k * width;
    let from_a = params.a_offset / 4u + k * height;
    let v0 = a[from_a + m0];
    let v1 = a[from_a + m1];
    let b0 = b[at + n0];
    let b1 = b[at + n1];
    let b2 = b[at + n2];
    let b3 = b[at + n3];
    c00 += v0.x * b0;
    c01 += v0.x * b1;
    c02 += v0.x * b2;
    c03 += v0.x * b3;
    c10 += v0.y * b0;
    c11 += v0.y * b1;
    c12 += v0.y * b2;
    c13 += v0.y * b3;
    c20 += v0.z * b0;
    c21 += v0.z * b1;
    c22 += v0.z * b2;
    c23 += v0.z * b3;
    c30 += v0.w * b0;
    c31 += v0.w * b1;
    c32 += v0.w * b2;
    c33 += v0.w * b3;
    c40 += v1.x * b0;
    c41 += v1.x * b1;
    c42 += v1.x * b2;
    c43 += v1.x * b3;
    c50 += v1.y * b0;
    c51 += v1.y * b1;
    c52 += v1.y * b2;
    c53 += v1.y * b3;
    c60 += v1.z * b0;
    c61 += v1.z * b1;
    c62 += v1.z * b2;
    c63 += v1.z * b3;
    c70 += v1.w * b0;
    c71 += v1.w * b1;
    c72 += v1.w * b2;
    c73 += v1.w * b3;
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
