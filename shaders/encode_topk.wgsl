// The k values of largest magnitude of values[s_offset … s_offset + n): [index of each, ascending][value of each] at
// encoded[t_offset …]; of equal magnitudes the lower index. With feedback, residue[i] becomes what was left out of value i.
// One workgroup. Magnitudes are ordered like their bits: the k-th is found digit by digit (8 bits at a time), counts are
// integers, so the result does not depend on timing. Then each invocation writes what it keeps of its own stretch.
struct Params { n: u32, k: u32, s_offset: u32, t_offset: u32, feedback: u32 }
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> encoded: array<u32>;
@group(0) @binding(2) var<storage, read_write> residue: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
const LANES = 256u;
var<workgroup> counts: array<atomic<u32>, 256>;
var<workgroup> key: u32;
var<workgroup> above: u32;
var<workgroup> larger: array<u32, 256>;
var<workgroup> equal: array<u32, 256>;

fn magnitude(i: u32) -> u32 { return bitcast<u32>(values[params.s_offset + i]) & 0x7fffffffu; }

@compute @workgroup_size(256)
fn encode_topk(@builtin(local_invocation_index) lane: u32) {
  if (lane == 0u) { key = 0u; above = 0u; }
  var known = 0u;
  for (var pass_index = 0u; pass_index < 4u; pass_index++) {
    let shift = 24u - 8u * pass_index;
    atomicStore(&counts[lane], 0u);
    workgroupBarrier();
    let prefix = key;
    for (var i = lane; i < params.n; i += LANES) {
      let bits = magnitude(i);
      if ((bits & known) == prefix) { atomicAdd(&counts[(bits >> shift) & 255u], 1u); }
    }
    workgroupBarrier();
    if (lane == 0u) {
      var digit = 255u;
      var passed = above;
      for (; digit > 0u; digit--) {
        let count = atomicLoad(&counts[digit]);
        if (passed + count >= params.k) { break; }
        passed += count;
      }
      above = passed;
      key = prefix | (digit << shift);
    }
    workgroupBarrier();
    known |= 255u << shift;
  }
  let threshold = key;
  let stretch = (params.n + LANES - 1u) / LANES;
  let first = min(params.n, lane * stretch);
  let end = min(params.n, first + stretch);
  var own_larger = 0u;
  var own_equal = 0u;
  for (var i = first; i < end; i++) {
    let bits = magnitude(i);
    own_larger += select(0u, 1u, bits > threshold);
    own_equal += select(0u, 1u, bits == threshold);
  }
  larger[lane] = own_larger;
  equal[lane] = own_equal;
  workgroupBarrier();
  var larger_before = 0u;
  var equal_before = 0u;
  for (var other = 0u; other < lane; other++) {
    larger_before += larger[other];
    equal_before += equal[other];
  }
  let ties = params.k - above;
  var taken_equal = min(equal_before, ties);
  var at = larger_before + taken_equal;
  for (var i = first; i < end; i++) {
    let bits = magnitude(i);
    let tie = bits == threshold && taken_equal < ties;
    let keep = bits > threshold || tie;
    let value = values[params.s_offset + i];
    if (keep) {
      encoded[params.t_offset + at] = i;
      encoded[params.t_offset + params.k + at] = bitcast<u32>(value);
      at++;
      if (tie) { taken_equal++; }
    }
    if (params.feedback == 1u) { residue[i] = select(value, 0.0, keep); }
  }
}
