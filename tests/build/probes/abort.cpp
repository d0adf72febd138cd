// Gives up.
#include <cstdlib>

#include "port.h"

int main()
{
    eg_port_init();
    std::abort();
}
