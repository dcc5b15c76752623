// partials[slot + k] = Σ v² over the k-th 65,536 values of values[offset … offset + n). One workgroup per slot: strided
// partial sums, then a fixed tree, so that the result does not depend on the device's timing.
struct Params { offset: u32, n: u32, slot: u32, count: u32 }
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn squared_norm(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let k = group.y * groups.x + group.x;
  let end = min(params.n, (k + 1u) * 65536u);
  var value = 0.0;
  for (var i = k * 65536u + lane; i < end; i += 64u) {
    let v = values[params.offset + i];
    value += v * v;
  }
  part[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { part[lane] += part[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u && k < params.count) { partials[params.slot + k] = part[0]; }
}
