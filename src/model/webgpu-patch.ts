/**
 * Mends Transpose of the WebGPU engine for tensors that came from integers: on Chrome 141 and later its shader does not compile for
 * them and the op returns stale memory without an error (tfjs #8638; fix of PR #8616, unmerged). Worker thread; loaded with the engine.
 */
import { TransposeProgram } from '@tensorflow/tfjs-backend-webgpu/dist/transpose_webgpu';
import { assert } from '../kernel/assert.ts';

const READ = /A\[(getIndexFromCoords[\s\S]*?uniforms\.aShape\))\]/;
let isPatched = false;

/** Idempotent. Fails loudly when a new tfjs changed the shader, so that the patch is looked at again. */
export function patchWebgpuTranspose(): void {
  if (isPatched) return;
  isPatched = true;
  const original = TransposeProgram.prototype.getUserCode;
  TransposeProgram.prototype.getUserCode = function (this: TransposeProgram) {
    const code = original.call(this);
    assert(READ.test(code), 'the Transpose shader of tfjs is not the one this patch is for');
    return code.replace(READ, 'f32(A[$1])');
  };
}
