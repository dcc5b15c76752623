// The same as cross_entropy with one workgroup per row, for large vocabularies and real GPUs.
const WIDTH = 128u;
struct Params { rows: u32, V: u32, valid: u32, row_start: u32 }
@group(0) @binding(0) var<storage, read> targets: array<u32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
var<workgroup> part: array<f32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn cross_entropy(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let r = group.y * groups.x + group.x;
  let inside = r < params.rows;
  let local_row = select(0u, r, inside);
  let base = local_row * params.V;
  let row = params.row_start + local_row;
  let label = targets[row];
  var highest = -1e30;
  for (var v = lane; v < params.valid; v += WIDTH) { highest = max(highest, logits[base + v]); }
  part[lane] = highest;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (lane < half) { part[lane] = max(part[lane], part[lane + half]); }
    workgroupBarrier();
  }
  highest = part[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var v = lane; v < params.valid; v += WIDTH) { sum += exp(logits[base + v] - highest); }
  part[lane] = sum;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (lane < half) { part[lane] += part[lane + half]; }
    workgroupBarrier();
  }
  sum = part[0];
  if (!inside) { return; }
  let weight = weights[row];
  let scale = weight / sum;
  for (var v = lane; v < params.V; v += WIDTH) {
    var d = 0.0;
    if (v < params.valid) {
      let logit = logits[base + v];
      if (v == label) { losses[row] = weight * (log(sum) + highest - logit); }
      d = exp(logit - highest) * scale;
    }
    if (v == label) { d -= weight; }
    logits[base + v] = d;
  }
}
