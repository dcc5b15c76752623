// dwte[token,:] += Σ dx[r,:] over the rows r of that token, in row order: a sorted segment sum, no atomics.
// dx (R, C); segments (u32) = [count, token[R], start[R+1], row[R]] → dwte (vocab_rows, C).
// One invocation per (segment, channel); segments beyond count leave at once.
struct Params { capacity: u32, C: u32, vocab_start: u32, vocab_rows: u32 }
@group(0) @binding(0) var<storage, read> dx: array<f32>;
@group(0) @binding(1) var<storage, read> segments: array<u32>;
@group(0) @binding(2) var<storage, read_write> dwte: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn embedding_backward_token(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  let segment = i / params.C;
  if (segment >= segments[0]) { return; }
  let c = i % params.C;
  let R = params.capacity;
  let token = segments[1u + segment] - params.vocab_start;
  if (token >= params.vocab_rows) { return; }
  let end = segments[1u + R + segment + 1u];
  var sum = 0.0;
  for (var k = segments[1u + R + segment]; k < end; k++) {
    sum += dx[segments[2u + 2u * R + k] * params.C + c];
  }
  dwte[token * params.C + c] += sum;
}
