// c[M,N] (+)= a[K,M]ᵀ·b[K,N]; a and b may start at an offset (elements).
// One invocation per element of c: the oracle of the faster variants.
struct Params { M: u32, N: u32, K: u32, accumulate: u32, a_offset: u32, b_offset: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn matmul_tn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.M * params.N) { return; }
  let row = i / params.N;
  let column = i % params.N;
  var sum = 0.0;
  for (var k = 0u; k < params.K; k++) {
    sum += a[params.a_offset + k * params.M + row] * b[params.b_offset + k * params.N + column];
  }
  c[i] = select(sum, c[i] + sum, params.accumulate == 1u);
}
