/** First row and first column of a workgroup's block of c. Blocks lie row by row; what x does not hold of them is in y. */
fn block_at(group: vec3u, groups: vec3u, rows: u32, columns: u32) -> vec2u {
  let block = group.y * groups.x + group.x;
  let across = (params.N + columns - 1u) / columns;
  return vec2u(block / across * rows, block % across * columns);
}
