// Recurses until the stack is used up.
#include "port.h"

namespace
{

volatile bool forever = true;

int recurse(volatile int *outer)
{
    volatile int inner[64] = {*outer + 1};
    return forever ? recurse(inner) + inner[0] : inner[0];
}

} // namespace

int main()
{
    eg_port_init();
    volatile int start = 0;
    eg_port_exit(recurse(&start));
}
