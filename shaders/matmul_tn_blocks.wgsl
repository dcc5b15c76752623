// c[M,N] (+)= a[K,M]ᵀ·b[K,N] without workgroup memory and without subgroups: an invocation computes 4×4 of c and takes k
// two at a time; a workgroup of 4×4 invocations computes 16×16.
@compute @workgroup_size(16)
fn matmul_tn(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = block_at(group, groups, 16u, 16u);
  let m = block.x + lane / 4u * 4u;
  let n = block.y + lane % 4u * 4u;
  var c0 = vec4f();
  var c1 = vec4f();
  var c2 = vec4f();
  var c3 = vec4f();
  var a_at = params.aOffset + m;
  var b_at = params.bOffset + n;
  var k = 0u;
  for (; k + 1u < params.K; k += 2u) {
    let x = load_a(a_at);
    let y = load_a(a_at + params.lda);
    let x_row = load_b(b_at);
    let y_row = load_b(b_at + params.ldb);
    c0 += x.x * x_row + y.x * y_row;
    c1 += x.y * x_row + y.y * y_row;
    c2 += x.z * x_row + y.z * y_row;
    c3 += x.w * x_row + y.w * y_row;
    a_at += 2u * params.lda;
    b_at += 2u * params.ldb;
  }
  if (k < params.K) {
    let x = load_a(a_at);
    let row = load_b(b_at);
    c0 += x.x * row;
    c1 += x.y * row;
    c2 += x.z * row;
    c3 += x.w * row;
  }
  store(m, n, c0);
  store(m + 1u, n, c1);
  store(m + 2u, n, c2);
  store(m + 3u, n, c3);
}
