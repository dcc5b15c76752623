// losses[r] = weight·(log Σ exp(logit) - logit[target]); the logits become dlogits = weight·(softmax - onehot), columns from
// `valid` on become 0. logits (rows, V); targets (u32), weights and losses are indexed from row_start.
// One invocation per row: maximum, sum, gradient. Weights already carry 1/total, so losses add up to the mean.
struct Params { rows: u32, V: u32, valid: u32, row_start: u32 }
@group(0) @binding(0) var<storage, read> targets: array<u32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(16)
fn cross_entropy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.y * groups.x * 16u + id.x;
  if (r >= params.rows) { return; }
  let base = r * params.V;
  let row = params.row_start + r;
  let weight = weights[row];
  let label = targets[row];
  var highest = -1e30;
  for (var v = 0u; v < params.valid; v++) { highest = max(highest, logits[base + v]); }
  var sum = 0.0;
  for (var v = 0u; v < params.valid; v++) { sum += exp(logits[base + v] - highest); }
  losses[row] = weight * (log(sum) + highest - logits[base + label]);
  let scale = weight / sum;
  for (var v = 0u; v < params.V; v++) {
    var d = 0.0;
    if (v < params.valid) { d = exp(logits[base + v] - highest) * scale; }
    if (v == label) { d -= weight; }
    logits[base + v] = d;
  }
}
