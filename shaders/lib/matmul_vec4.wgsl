// The factors, read four neighbours at a time from offsets that are multiples of 4.
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
fn load_a(i: u32) -> vec4f { return a[i / 4u]; }
fn load_b(i: u32) -> vec4f { return b[i / 4u]; }
