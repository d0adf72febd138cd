"""Compiler flags of a Cortex-M device, from its cpu and features alone."""

from __future__ import annotations

from edgegen.device import Microcontroller

# -mfpu of each core, single and double precision. The FPUs of Armv8.1-M follow from -mcpu
# alone: no name for them is understood by both GCC 12 and Clang 14.
_FPU = {
    "cortex-m4": ("fpv4-sp-d16", "fpv4-sp-d16"),
    "cortex-m7": ("fpv5-sp-d16", "fpv5-d16"),
    "cortex-m33": ("fpv5-sp-d16", "fpv5-sp-d16"),
}

# What -mcpu=<core> switches on by default and a device may lack: feature -> modifier.
_REMOVES = {
    "cortex-m33": {"dsp": "+nodsp"},
    "cortex-m55": {"mve": "+nomve"},
}


def cortex_m_compile_flags(device: Microcontroller) -> tuple[str, ...]:
    """-mcpu, -mthumb, -mfloat-abi and, where the core needs it, -mfpu.

    The flags serve compiling, assembling and linking alike: with GCC they pick the
    multilib. Clang takes the same set, with --target=arm-none-eabi and a sysroot added.

    An FPU always means the hard-float calling convention, so that linking objects of the
    other convention fails at once instead of at run time.
    """
    removes = _REMOVES.get(device.cpu, {})
    cpu = device.cpu + "".join(
        text for name, text in removes.items() if name not in device.features
    )
    if "fpu" not in device.features:
        return (f"-mcpu={cpu}", "-mthumb", "-mfloat-abi=soft")
    flags = (f"-mcpu={cpu}", "-mthumb", "-mfloat-abi=hard")
    if device.cpu not in _FPU:
        return flags
    single, double = _FPU[device.cpu]
    return (*flags, f"-mfpu={double if 'dp_fpu' in device.features else single}")
