// Loss and gradient of a vocabulary shard from everybody's (max, sum, target logit): all (group, rows, 3).
// Every rank gets the same losses; its logits become dlogits of its own columns. One invocation per row.
struct Params { rows: u32, V: u32, valid: u32, vocab_start: u32, row_start: u32, group: u32 }
@group(0) @binding(0) var<storage, read> targets: array<u32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> all: array<f32>;
@group(0) @binding(3) var<storage, read_write> logits: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(16)
fn cross_entropy_sharded(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.y * groups.x * 16u + id.x;
  if (r >= params.rows) { return; }
  var highest = -1e30;
  for (var k = 0u; k < params.group; k++) { highest = max(highest, all[(k * params.rows + r) * 3u]); }
  var sum = 0.0;
  var own = 0.0;
  for (var k = 0u; k < params.group; k++) {
    let at = (k * params.rows + r) * 3u;
    sum += all[at + 1u] * exp(all[at] - highest);
    own += all[at + 2u];
  }
  let row = params.row_start + r;
  let weight = weights[row];
  losses[row] = weight * (log(sum) + highest - own);
  let label = targets[row] - params.vocab_start;
  let base = r * params.V;
  for (var v = 0u; v < params.V; v++) {
    var d = 0.0;
    if (v < params.valid) { d = exp(logits[base + v] - highest) * weight / sum; }
    if (v == label) { d -= weight; }
    logits[base + v] = d;
  }
}
