/* EXPECT(condition): says where it failed and ends the test. */
#ifndef EDGEGEN_TESTS_CHECK_H
#define EDGEGEN_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);               \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#endif /* EDGEGEN_TESTS_CHECK_H */
