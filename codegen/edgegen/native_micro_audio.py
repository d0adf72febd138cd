"""The fixed-point audio front end of micro_speech, by runtime_c.

Formulas, rounding and ranges: runtime_c/include/edgegen/micro_audio.h.
"""

from __future__ import annotations

from edgegen import _native
from edgegen.micro_audio import MicroAudioConfig, MicroAudioPlan, plan


class MicroAudioFeatures(_native.MicroAudio):
    """Rows of features of a sound: those of TensorFlow Lite's audio microfrontend, to the bit.

    Calling it with samples, int16 [n], gives the rows of all whole frames, uint16
    [frames, channels], from a noise estimate of 0 on. ``feed(samples)`` gives the rows of the
    frames that these samples complete, and remembers the rest; ``reset()`` forgets that stream, its
    samples and its noise estimate, which a call leaves alone.

    ``to_int8(features, divisor=666, zero_point=-128)`` makes int8 of uint16 features of any shape:
    clamp((256 * feature + divisor // 2) // divisor + zero_point), by default what micro_speech and
    its kin take.

    Args:
        config: None for micro_speech's, with frames 10 ms apart.
        portable: Leaves the processor's vectors alone. The result is the same, to the bit.

    Attributes:
        plan: What the config became.

    Raises:
        TypeError: Samples that are not an array of int16, features that are not of uint16.
        ValueError: Samples of more than one dimension; a divisor out of 1 to 2^24 or a zero point
            out of int8; a config that makes no filter bank.
    """

    def __init__(self, config: MicroAudioConfig | None = None, *, portable: bool = False) -> None:
        config = MicroAudioConfig() if config is None else config
        if not isinstance(config, MicroAudioConfig):
            raise ValueError(f"config: need a MicroAudioConfig, got {config!r}")
        self.plan: MicroAudioPlan = plan(config)
        super().__init__(self.plan, portable)
