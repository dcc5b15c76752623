// x[r,:] = wte[token[r] - vocab_start,:] (0 for rows held by other ranks) + add_position · wpe[r mod T,:]
// tokens (R) u32, wte (vocab_rows, C), wpe (context, C) → x (R, C). One invocation per element; grid in x, then y.
struct Params { rows: u32, T: u32, C: u32, vocab_start: u32, vocab_rows: u32, add_position: u32 }
@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> wte: array<f32>;
@group(0) @binding(2) var<storage, read> wpe: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn embedding_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.rows * params.C) { return; }
  let r = i / params.C;
  let c = i % params.C;
  let token = tokens[r] - params.vocab_start; // wraps far beyond vocab_rows for tokens below the first row
  var value = 0.0;
  if (token < params.vocab_rows) { value = wte[token * params.C + c]; }
  if (params.add_position == 1u) { value += wpe[(r % params.T) * params.C + c]; }
  x[i] = value;
}
