/* What a benchmark on an emulated Cortex-M has. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

/* The benchmark's own; prints lines of words. */
void run_benchmark(void);

void print_text(const char *text);
void print_number(uint32_t number);
uint32_t crc32(const void *data, size_t bytes);

/* Executed by work(context), to INSTRUCTIONS_PER_TICK; below 2^24 ticks. */
uint32_t count_instructions(void (*work)(void *context), void *context);

#endif /* BENCH_H */
