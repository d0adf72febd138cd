"""The fixed-point audio front end of micro_speech, by runtime_c.

Formulas, rounding and ranges: runtime_c/include/edgegen/micro_audio.h.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen import _native
from edgegen.micro_audio import S8_DIVISOR, S8_ZERO_POINT, MicroAudioConfig, MicroAudioPlan, plan


class MicroAudioFeatures:
    """Rows of features of a sound: those of TensorFlow Lite's audio microfrontend, to the bit.

    Calling it gives the rows of a whole sound; :meth:`feed` those of a stream, whose state a call
    leaves alone. Rows are uint16 [frames, channels].

    Args:
        config: None for micro_speech's, with frames 10 ms apart.
        portable: Leaves the processor's vectors alone. The result is the same, to the bit.

    Attributes:
        plan: What the config became.

    Raises:
        TypeError: Samples that are not an array of int16.
        ValueError: They have more than one dimension; or the config makes no filter bank.
    """

    def __init__(self, config: MicroAudioConfig | None = None, *, portable: bool = False) -> None:
        self.plan: MicroAudioPlan = plan(MicroAudioConfig() if config is None else config)
        self._audio = _native.MicroAudio(self.plan, portable)

    def __call__(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.uint16]:
        """The rows of all whole frames in int16 [n], from a noise estimate of 0 on."""
        return self._audio.run(_checked(samples))

    def feed(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.uint16]:
        """The rows of the frames that these samples complete; those before are remembered."""
        return self._audio.feed(_checked(samples))

    def reset(self) -> None:
        """Forgets the stream: its samples and its noise estimate."""
        self._audio.reset()

    @staticmethod
    def to_int8(
        features: npt.NDArray[np.uint16],
        divisor: int = S8_DIVISOR,
        zero_point: int = S8_ZERO_POINT,
    ) -> npt.NDArray[np.int8]:
        """clamp((256 * feature + divisor // 2) // divisor + zero_point): micro_speech's input.

        Args:
            features: uint16 of any shape.
            divisor: 1 to 2^24.
            zero_point: -128 to 127.
        """
        if not isinstance(features, np.ndarray) or features.dtype != np.uint16:
            raise TypeError("features: expected an array of uint16")
        if not 1 <= divisor <= 2**24:
            raise ValueError(f"divisor: need 1 to 2^24, got {divisor}")
        if not -128 <= zero_point <= 127:
            raise ValueError(f"zero_point: need -128 to 127, got {zero_point}")
        return _native.micro_audio_to_s8(np.ascontiguousarray(features), divisor, zero_point)


def _checked(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    if not isinstance(samples, np.ndarray) or samples.dtype != np.int16:
        raise TypeError("samples: expected an array of int16")
    if samples.ndim != 1:
        raise ValueError(f"samples: need shape [n], got {list(samples.shape)}")
    return np.ascontiguousarray(samples)
