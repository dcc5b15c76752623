// Chunks of 256 values with a scale each: [scale of each chunk][a signed byte per value, four to a word]; scale = largest
// magnitude / 127, byte = round(value / scale). One workgroup per chunk, one invocation per word.
struct Params { n: u32, s_offset: u32, t_offset: u32, chunks: u32 }
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> encoded: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;
var<workgroup> largest: array<f32, 64>;

@compute @workgroup_size(64)
fn encode_int8(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  let first = chunk * 256u + lane * 4u;
  var own = vec4f();
  for (var k = 0u; k < 4u; k++) {
    if (chunk < params.chunks && first + k < params.n) { own[k] = values[params.s_offset + first + k]; }
  }
  let magnitudes = abs(own);
  largest[lane] = max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w));
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { largest[lane] = max(largest[lane], largest[lane + half]); }
    workgroupBarrier();
  }
  let scale = largest[0] / 127.0;
  if (chunk >= params.chunks) { return; }
  if (lane == 0u) { encoded[params.t_offset + chunk] = bitcast<u32>(scale); }
  if (first >= params.n) { return; }
  var word = 0u;
  for (var k = 0u; k < 4u; k++) {
    let quantum = select(0, i32(clamp(round(own[k] / scale), -127.0, 127.0)), scale > 0.0);
    word |= (bitcast<u32>(quantum) & 255u) << (8u * k);
  }
  encoded[params.t_offset + params.chunks + first / 4u] = word;
}
