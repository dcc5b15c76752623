// target[0] (+)= Σ values[0…n). One workgroup: strided partial sums, then a fixed tree.
struct Params { n: u32, accumulate: u32 }
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> target_sum: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn sum(@builtin(local_invocation_index) lane: u32) {
  var value = 0.0;
  for (var i = lane; i < params.n; i += 64u) { value += values[i]; }
  part[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { part[lane] += part[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u) { target_sum[0] = select(part[0], target_sum[0] + part[0], params.accumulate == 1u); }
}
