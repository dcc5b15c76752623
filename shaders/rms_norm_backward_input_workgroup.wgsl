// The same as rms_norm_backward_input with one workgroup per row.
const WIDTH = 64u;
struct Params { rows: u32, C: u32, use_upstream: u32 }
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<f32>;
@group(0) @binding(4) var<storage, read> upstream: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;
var<workgroup> part: array<f32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn rms_norm_backward_input(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let r = group.y * groups.x + group.x;
  let inside = r < params.rows;
  let C = params.C;
  let row = select(0u, r, inside);
  let base = row * C;
  let rstd = stats[row];
  var sum = 0.0;
  for (var c = lane; c < C; c += WIDTH) { sum += dy[base + c] * gamma[c] * x[base + c] * rstd; }
  part[lane] = sum;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (lane < half) { part[lane] += part[lane + half]; }
    workgroupBarrier();
  }
  let mean = part[0] / f32(C);
  if (!inside) { return; }
  for (var c = lane; c < C; c += WIDTH) {
    var value = rstd * (dy[base + c] * gamma[c] - x[base + c] * rstd * mean);
    if (params.use_upstream == 1u) { value += upstream[base + c]; }
    dx[base + c] = value;
  }
}
