// values[t_offset + i] (+)= scale of chunk i / 256 · byte i, from [scales][bytes] at encoded[s_offset …]; i < n. One
// invocation per value.
struct Params { n: u32, s_offset: u32, t_offset: u32, chunks: u32, accumulate: u32 }
@group(0) @binding(0) var<storage, read> encoded: array<u32>;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn decode_int8(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.n) { return; }
  let scale = bitcast<f32>(encoded[params.s_offset + i / 256u]);
  let word = encoded[params.s_offset + params.chunks + i / 4u];
  // The byte goes to the top, so that shifting back extends its sign.
  let quantum = bitcast<i32>(word << (24u - 8u * (i % 4u))) >> 24u;
  let value = scale * f32(quantum);
  let at = params.t_offset + i;
  values[at] = select(value, values[at] + value, params.accumulate == 1u);
}
