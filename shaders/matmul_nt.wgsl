// c[M,N] (+)= a[M,K]·b[N,K]ᵀ (+ bias[N]): the input gradient dx = dy·Wᵀ, and the tied head logits = y·wteᵀ.
// One invocation per element of c; sums over k in order.
struct Params { M: u32, N: u32, K: u32, useBias: u32, accumulate: u32, aOffset: u32, cOffset: u32, lda: u32, ldc: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn matmul_nt(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.M * params.N) { return; }
  let m = i / params.N;
  let n = i % params.N;
  var sum = 0.0;
  for (var k = 0u; k < params.K; k++) { sum += a[params.aOffset + m * params.lda + k] * b[n * params.K + k]; }
  if (params.useBias == 1u) { sum += bias[n]; }
  let at = params.cOffset + m * params.ldc + n;
  c[at] = select(sum, c[at] + sum, params.accumulate == 1u);
}
