// Reads a word from an odd address: allowed on Armv7-M, a fault on Armv6-M.
#include <cstdint>

#include "port.h"

int main()
{
    static volatile std::uint32_t words[2];
    // Volatile, or the compiler knows the address to be odd and reads bytes.
    static volatile std::uintptr_t address = reinterpret_cast<std::uintptr_t>(words);
    address = address + 1;
    eg_port_init();
    eg_port_exit(static_cast<int>(*reinterpret_cast<volatile std::uint32_t *>(address)));
}
