// dgamma (+)= Σ_r dy·x·rstd. dy, x (R, C), stats (R) → dgamma (C).
// One workgroup per 16 columns; its 4 groups of invocations take every fourth row and are added in order.
struct Params { rows: u32, C: u32, accumulate: u32 }
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn rms_norm_backward_weight(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = (group.y * groups.x + group.x) * 16u + lane % 16u;
  var sum = 0.0;
  if (c < params.C) {
    for (var r = lane / 16u; r < params.rows; r += 4u) { sum += dy[r * params.C + c] * x[r * params.C + c] * stats[r]; }
  }
  part[lane] = sum;
  workgroupBarrier();
  if (lane >= 16u || c >= params.C) { return; }
  let total = (part[lane] + part[lane + 16u]) + (part[lane + 32u] + part[lane + 48u]);
  dgamma[c] = select(total, dgamma[c] + total, params.accumulate == 1u);
}
