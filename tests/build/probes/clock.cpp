// Checks the clock under `-icount shift=0`, where a nanosecond is an instruction: it never goes
// back, it counts a loop of known length, and it sees a turn that ends while interrupts are masked.
#include <cstdint>

#include "console.h"
#include "port.h"

namespace
{

constexpr std::uint32_t kReads = 30000;
constexpr std::uint32_t kLoopRounds = 2000000;
constexpr std::uint32_t kLoopInstructions = 2 * kLoopRounds;
constexpr std::uint32_t kMaskedRounds = 4000; // below one turn on every machine
constexpr std::uint32_t kMaskedRepeats = 200;

// Instructions around a measured loop, and two steps of the clock.
constexpr std::uint64_t kSlack = 1500;

[[noreturn]] void fail(const char *what, std::uint64_t value)
{
    eg_console_text(what);
    eg_console_text(" ");
    eg_console_unsigned(value);
    eg_console_text("\n");
    eg_port_exit(1);
}

// Two instructions per round.
void loop(std::uint32_t rounds)
{
    __asm volatile("1: subs %0, #1\n\tbne 1b" : "+l"(rounds) : : "cc");
}

void check_monotonic()
{
    std::uint64_t last = eg_port_clock_ns();
    for (std::uint32_t i = 0; i < kReads; i++) {
        const std::uint64_t now = eg_port_clock_ns();
        if (now < last) {
            fail("the clock went back by", last - now);
        }
        if (now - last > kSlack) {
            fail("the clock jumped by", now - last);
        }
        last = now;
    }
}

void check_length(std::uint32_t rounds)
{
    const std::uint64_t start = eg_port_clock_ns();
    loop(rounds);
    const std::uint64_t elapsed = eg_port_clock_ns() - start;
    const std::uint64_t wanted = std::uint64_t{2} * rounds;
    if (elapsed + kSlack < wanted || elapsed > wanted + wanted / 50 + kSlack) {
        fail("a loop took", elapsed);
    }
}

void check_masked()
{
    for (std::uint32_t i = 0; i < kMaskedRepeats; i++) {
        __asm volatile("cpsid i" : : : "memory");
        check_length(kMaskedRounds + i);
        __asm volatile("cpsie i" : : : "memory");
    }
}

} // namespace

int main()
{
    static_assert(kLoopInstructions > 20 * 4096 * 40, "many turns of a 12-bit counter at 25 MHz");
    eg_port_init();
    check_monotonic();
    check_length(kLoopRounds);
    check_masked();
    eg_console_text("ok\n");
    eg_port_exit(0);
}
