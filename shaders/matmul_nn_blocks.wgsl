// c[M,N] (+)= a[M,K]·b[K,N] (+ bias[N]) without workgroup memory and without subgroups: an invocation computes 4×4 of c
// and takes k four at a time; a workgroup of 4×4 invocations computes 16×16.
@compute @workgroup_size(16)
fn matmul_nn(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let K = params.K;
  let N = params.N;
  let block = block_at(group, groups, 16u, 16u);
  let m = block.x + lane / 4u * 4u;
  let n = block.y + lane % 4u * 4u;
  let a0 = params.aOffset + m * params.lda;
  let a1 = a0 + params.lda;
  let a2 = a1 + params.lda;
  let a3 = a2 + params.lda;
  let first = offset_of_columns(n);
  var c0 = first;
  var c1 = first;
  var c2 = first;
  var c3 = first;
  var k = 0u;
  for (; k + 3u < K; k += 4u) {
    let rows = mat4x4f(
      load_b(k * N + n),
      load_b((k + 1u) * N + n),
      load_b((k + 2u) * N + n),
      load_b((k + 3u) * N + n),
    );
    c0 += rows * load_a(a0 + k);
    c1 += rows * load_a(a1 + k);
    c2 += rows * load_a(a2 + k);
    c3 += rows * load_a(a3 + k);
  }
  for (; k < K; k++) {
    let row = load_b(k * N + n);
    c0 += load_a(a0 + k).x * row;
    c1 += load_a(a1 + k).x * row;
    c2 += load_a(a2 + k).x * row;
    c3 += load_a(a3 + k).x * row;
  }
  store(m, n, c0);
  store(m + 1u, n, c1);
  store(m + 2u, n, c2);
  store(m + 3u, n, c3);
}
