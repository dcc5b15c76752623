// stats[r] = (max, Σ exp(logit - max), logit of the target or 0 when another rank holds it) over this rank's columns.
// logits (rows, V) of a vocabulary shard that starts at vocab_start; `valid` columns exist (none: max is -1e30, sum 0).
// One invocation per row. Source of the split: Megatron-LM's vocabulary-parallel cross-entropy.
struct Params { rows: u32, V: u32, valid: u32, vocab_start: u32, row_start: u32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> stats: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(16)
fn softmax_stats(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.y * groups.x * 16u + id.x;
  if (r >= params.rows) { return; }
  let base = r * params.V;
  var highest = -1e30;
  for (var v = 0u; v < params.valid; v++) { highest = max(highest, logits[base + v]); }
  var sum = 0.0;
  for (var v = 0u; v < params.valid; v++) { sum += exp(logits[base + v] - highest); }
  let label = targets[params.row_start + r] - params.vocab_start;
  var own = 0.0;
  if (label < params.valid) { own = logits[base + label]; }
  stats[3u * r] = highest;
  stats[3u * r + 1u] = sum;
  stats[3u * r + 2u] = own;
}
