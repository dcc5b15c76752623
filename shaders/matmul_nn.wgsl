// c[M,N] (+)= a[M,K]·b[K,N] (+ bias[N]); a and c may start at an offset (elements).
// One invocation per element of c, rows in y, columns in x: the oracle of the faster variants.
struct Params { M: u32, N: u32, K: u32, use_bias: u32, accumulate: u32, a_offset: u32, c_offset: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn matmul_nn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.M * params.N) { return; }
  let row = i / params.N;
  let column = i % params.N;
  var sum = 0.0;
  for (var k = 0u; k < params.K; k++) {
    sum += a[params.a_offset + row * params.K + k] * b[k * params.N + column];
  }
  if (params.use_bias == 1u) { sum += bias[column]; }
  let at = params.c_offset + i;
  c[at] = select(sum, c[at] + sum, params.accumulate == 1u);
}
