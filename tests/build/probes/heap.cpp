// Wants a heap, which the firmware does not have.
#include "port.h"

int main()
{
    volatile int *const number = new int(1);
    eg_port_exit(*number);
}
