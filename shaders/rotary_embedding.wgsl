// Rotary position embedding (Su et al. 2021) on halves, as rotate_half of Hugging Face's LLaMA: in every q and k head
// (x[i], x[i + HS/2]) turns by direction · position · θ^(-2i/HS), position = start + r mod T, log_theta = log2 θ.
// qkv (R, (NH + 2·KV)·HS) in place; direction 1 forward, -1 backward (a rotation's gradient turns back).
// One invocation per (row, i), which takes all heads. sin, cos and the power are computed here: the built-in ones may be
// wrong by 5e-4, more beyond one turn. A position's turns are counted in 1/2³² of a turn, where whole turns drop out.
struct Params { rows: u32, T: u32, NH: u32, KV: u32, HS: u32, start: u32, log_theta: f32, direction: f32 }
@group(0) @binding(0) var<storage, read_write> qkv: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

/** 2^-x for x ≥ 0: the whole part exactly, the rest by its series. */
fn power_of_half(x: f32) -> f32 {
  let whole = round(x);
  let z = (whole - x) * 0.69314718056;
  let rest = 1.0 + z * (1.0 + z * (0.5 + z * (0.16666666667 + z * (0.04166666667 + z * (0.00833333333 + z * (0.00138888889 + z * 0.00019841270))))));
  return ldexp(rest, -i32(whole));
}

/** (cos, sin) of `phase`/2³² turns. */
fn unit_vector(phase: u32) -> vec2f {
  let quarter = (phase + 0x20000000u) >> 30u;
  let x = f32(bitcast<i32>(phase - (quarter << 30u))) * 1.4629180793e-9; // within ±π/4
  let y = x * x;
  let s = x * (1.0 - y * (0.16666666667 - y * (0.00833333333 - y * (0.00019841270 - y * 0.00000275573))));
  let c = 1.0 - y * (0.5 - y * (0.04166666667 - y * (0.00138888889 - y * 0.00002480159)));
  switch (quarter & 3u) {
    case 1u: { return vec2f(-s, c); }
    case 2u: { return vec2f(-c, -s); }
    case 3u: { return vec2f(s, -c); }
    default: { return vec2f(c, s); }
  }
}

@compute @workgroup_size(64)
fn rotary_embedding(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let half = params.HS / 2u;
  let at = id.y * groups.x * 64u + id.x;
  if (at >= params.rows * half) { return; }
  let r = at / half;
  let i = at % half;
  let frequency = power_of_half(f32(2u * i) / f32(params.HS) * params.log_theta);
  let turns = u32(frequency * 683565275.6 + 0.5); // 2³²/2π
  let turned = unit_vector((params.start + r % params.T) * turns);
  let cosine = turned.x;
  let sine = turned.y * params.direction;
  let row = r * (params.NH + 2u * params.KV) * params.HS + i;
  for (var head = 0u; head < params.NH + params.KV; head++) {
    let first = row + head * params.HS;
    let a = qkv[first];
    let b = qkv[first + half];
    qkv[first] = a * cosine - b * sine;
    qkv[first + half] = b * cosine + a * sine;
  }
}
