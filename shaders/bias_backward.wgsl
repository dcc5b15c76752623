// db[n] (+)= Σ_r dy[r,n]. dy (R, N) → db (N).
// One workgroup per 16 columns; its 4 groups of invocations take every fourth row and are added in order.
struct Params { rows: u32, N: u32, accumulate: u32 }
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> db: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn bias_backward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = (group.y * groups.x + group.x) * 16u + lane % 16u;
  var sum = 0.0;
  if (n < params.N) {
    for (var r = lane / 16u; r < params.rows; r += 4u) { sum += dy[r * params.N + n]; }
  }
  part[lane] = sum;
  workgroupBarrier();
  if (lane >= 16u || n >= params.N) { return; }
  let total = (part[lane] + part[lane + 16u]) + (part[lane + 32u] + part[lane + 48u]);
  db[n] = select(total, db[n] + total, params.accumulate == 1u);
}
