// c[M,N] (+)= a[K,M]ᵀ·b[K,N]: the weight gradient dW = xᵀ·dy, K the rows of the batch.
// One invocation per element of c; sums over k in order.
struct Params { M: u32, N: u32, K: u32, accumulate: u32, aOffset: u32, bOffset: u32, lda: u32, ldb: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn matmul_tn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.M * params.N) { return; }
  let m = i / params.N;
  let n = i % params.N;
  var sum = 0.0;
  for (var k = 0u; k < params.K; k++) {
    sum += a[params.aOffset + k * params.lda + m] * b[params.bOffset + k * params.ldb + n];
  }
  c[i] = select(sum, c[i] + sum, params.accumulate == 1u);
}
