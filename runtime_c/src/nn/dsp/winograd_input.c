/* The asm below takes every register there is, also where a frame pointer is asked for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "edgegen/isa_dsp.h"
#include "edgegen/nn/dsp/winograd.h"

/* Two channels in a word are 65536 * a + b, b's sign borrowing from a: so plain additions and
 * shifts work on both at once. In the end V is stored as two halfwords: half of what a halfword
 * holds is added to b, so that it does not borrow, and its upper bit is flipped. */

enum { PATCH = EG_WINOGRAD_PATCH };

#if EG_HAS_DSP && defined(__OPTIMIZE__) && !defined(__clang__)

/* B times d0..d5, in place. */
#define TRANSFORM(d)                                                                               \
    "sub %[t], %[" d "4], %[" d "2], lsl #2\n\t"                                                   \
    "sub %[" d "4], %[" d "4], %[" d "2]\n\t"                                                      \
    "sub %[" d "0], %[" d "0], %[" d "2]\n\t"                                                      \
    "add %[" d "0], %[" d "4], %[" d "0], lsl #2\n\t"                                              \
    "sub %[" d "2], %[" d "3], %[" d "1], lsl #2\n\t"                                              \
    "sub %[" d "1], %[" d "3], %[" d "1]\n\t"                                                      \
    "sub %[" d "5], %[" d "5], %[" d "3]\n\t"                                                      \
    "sub %[" d "5], %[" d "5], %[" d "1], lsl #2\n\t"                                              \
    "add %[" d "3], %[" d "4], %[" d "1], lsl #1\n\t"                                              \
    "sub %[" d "4], %[" d "4], %[" d "1], lsl #1\n\t"                                              \
    "add %[" d "1], %[t], %[" d "2]\n\t"                                                           \
    "sub %[" d "2], %[t], %[" d "2]\n\t"

#define ALL(d) "%[" d "0], %[" d "1], %[" d "2], %[" d "3], %[" d "4], %[" d "5]"
#define FETCH(k) "ldr %[d" k "], [%[d" k "], %[e1]]\n\t"
#define UNPACK_EVEN(k)                                                                             \
    "eor %[d" k "], %[d" k "], #0x80808080\n\t"                                                    \
    "uxtb16 %[e" k "], %[d" k "]\n\t"
#define UNPACK_ODD(k) "uxtb16 %[d" k "], %[d" k "], ror #8\n\t"

/* The register budget: 12 for the pixels of 4 channels, in ascending order for LDM and STM, one
 * for transforms and a pointer, which is all 14. */
__attribute__((noinline)) static uint32_t *transform_column(const int8_t *const rows[PATCH],
                                                            int32_t offset, uint32_t *columns)
{
    register uint32_t d0 __asm__("r0");
    register uint32_t d1 __asm__("r1");
    register uint32_t d2 __asm__("r2");
    register uint32_t d3 __asm__("r3");
    register uint32_t d4 __asm__("r4");
    register uint32_t d5 __asm__("r5");
    register uint32_t e0 __asm__("r6") = (uint32_t)rows;
    register uint32_t e1 __asm__("r8") = (uint32_t)offset;
    register uint32_t e2 __asm__("r9");
    register uint32_t e3 __asm__("r10");
    register uint32_t e4 __asm__("r11");
    register uint32_t e5 __asm__("r12");
    uint32_t t;

    __asm__ volatile("ldm %[e0], {" ALL("d") "}\n\t"
                     FETCH("0") FETCH("1") FETCH("2") FETCH("3") FETCH("4") FETCH("5")
                     UNPACK_EVEN("0") UNPACK_EVEN("1") UNPACK_EVEN("2") UNPACK_EVEN("3")
                     UNPACK_EVEN("4") UNPACK_EVEN("5")
                     TRANSFORM("e")
                     "stm %[columns]!, {" ALL("e") "}\n\t"
                     UNPACK_ODD("0") UNPACK_ODD("1") UNPACK_ODD("2") UNPACK_ODD("3")
                     UNPACK_ODD("4") UNPACK_ODD("5")
                     TRANSFORM("d")
                     "stm %[columns]!, {" ALL("d") "}\n\t"
                     : [d0] "=&r"(d0), [d1] "=&r"(d1), [d2] "=&r"(d2), [d3] "=&r"(d3),
                       [d4] "=&r"(d4), [d5] "=&r"(d5), [e0] "+r"(e0), [e1] "+r"(e1),
                       [e2] "=&r"(e2), [e3] "=&r"(e3), [e4] "=&r"(e4), [e5] "=&r"(e5),
                       [t] "=&r"(t), [columns] "+r"(columns)
                     :
                     : "memory");
    return columns;
}

#define LANES(op, to, x, y, shift)                                                                 \
    op " %[" to "0], %[" x "0], %[" y "0]" shift "\n\t" op " %[" to "1], %[" x "1], %[" y          \
       "1]" shift "\n\t"
#define FETCH_ROWS(d, place) "ldrd %[" d "0], %[" d "1], [%[from], " place "]\n\t"
#define ADD_HALF(d)                                                                                \
    "add %[" d "0], %[" d "0], #0x8000\n\t"                                                        \
    "add %[" d "1], %[" d "1], #0x8000\n\t"
#define FLIP(d)                                                                                    \
    "eor %[" d "0], %[" d "0], #0x8000\n\t"                                                        \
    "eor %[" d "1], %[" d "1], #0x8000\n\t"
#define PUT(d, place)                                                                              \
    FLIP(d) "str %[" d "0], [%[v], #8 * " place "]\n\t"                                            \
            "str %[" d "1], [%[v], #8 * (6 + " place ")]\n\t"

/* Two rows at once, three times; 12 registers. */
__attribute__((noinline)) static void transform_rows(const uint32_t *columns, uint32_t *v)
{
    const uint32_t *end = columns + PATCH;
    uint32_t a0, a1, b0, b1, c0, c1, d0, d1, e0, e1;

    do {
        /* clang-format off */
        __asm__ volatile(
            FETCH_ROWS("b", "#48") FETCH_ROWS("d", "#144")
            LANES("sub", "a", "d", "b", ", lsl #2")  /* d3 - 4 d1 */
            LANES("sub", "b", "d", "b", "")          /* d3 - d1 */
            FETCH_ROWS("c", "#240")
            LANES("sub", "c", "c", "d", "") ADD_HALF("c")
            LANES("sub", "c", "c", "b", ", lsl #2") PUT("c", "5")
            FETCH_ROWS("d", "#96") FETCH_ROWS("e", "#192")
            LANES("sub", "c", "e", "d", ", lsl #2") ADD_HALF("c")
            LANES("add", "c", "c", "a", "")
            LANES("sub", "a", "c", "a", ", lsl #1") PUT("c", "1") PUT("a", "2")
            LANES("sub", "e", "e", "d", "") ADD_HALF("e")
            "ldrd %[a0], %[a1], [%[from]], #8\n\t"
            LANES("sub", "a", "a", "d", "")
            LANES("add", "d", "e", "b", ", lsl #1") PUT("d", "3")
            LANES("sub", "d", "e", "b", ", lsl #1") PUT("d", "4")
            LANES("add", "a", "e", "a", ", lsl #2") FLIP("a")
            "str %[a1], [%[v], #48]\n\t"
            "str %[a0], [%[v]], #96\n\t"
            : [a0] "=&r"(a0), [a1] "=&r"(a1), [b0] "=&r"(b0), [b1] "=&r"(b1), [c0] "=&r"(c0),
              [c1] "=&r"(c1), [d0] "=&r"(d0), [d1] "=&r"(d1), [e0] "=&r"(e0), [e1] "=&r"(e1),
              [from] "+r"(columns), [v] "+r"(v)
            :
            : "memory");
        /* clang-format on */
    } while (columns != end);
}

#else

static inline void transform(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3, uint32_t d4,
                             uint32_t d5, uint32_t out[PATCH])
{
    const uint32_t sum = d4 - (d2 << 2);
    const uint32_t difference = d3 - (d1 << 2);
    const uint32_t near_sum = d4 - d2;
    const uint32_t near_difference = d3 - d1;

    out[0] = near_sum + ((d0 - d2) << 2);
    out[1] = sum + difference;
    out[2] = sum - difference;
    out[3] = near_sum + (near_difference << 1);
    out[4] = near_sum - (near_difference << 1);
    out[5] = d5 - d3 - (near_difference << 2);
}

static uint32_t *transform_column(const int8_t *const rows[PATCH], int32_t offset,
                                  uint32_t *columns)
{
    uint32_t d[PATCH];

    for (int32_t i = 0; i < PATCH; ++i) {
        d[i] = eg_load_word(rows[i] + offset) ^ UINT32_C(0x80808080);
    }
    transform(eg_uxtb16(d[0]), eg_uxtb16(d[1]), eg_uxtb16(d[2]), eg_uxtb16(d[3]), eg_uxtb16(d[4]),
              eg_uxtb16(d[5]), columns);
    transform(eg_uxtb16_odd(d[0]), eg_uxtb16_odd(d[1]), eg_uxtb16_odd(d[2]), eg_uxtb16_odd(d[3]),
              eg_uxtb16_odd(d[4]), eg_uxtb16_odd(d[5]), columns + PATCH);
    return columns + EG_WINOGRAD_COLUMN_WORDS;
}

static void transform_rows(const uint32_t *columns, uint32_t *v)
{
    enum { NEXT = EG_WINOGRAD_COLUMN_WORDS };

    for (int32_t i = 0; i < PATCH; ++i) {
        uint32_t row[PATCH];

        transform(columns[0], columns[NEXT], columns[2 * NEXT], columns[3 * NEXT],
                  columns[4 * NEXT], columns[5 * NEXT], row);
        for (int32_t j = 0; j < PATCH; ++j) {
            v[2 * j] = (row[j] + UINT32_C(0x8000)) ^ UINT32_C(0x8000);
        }
        ++columns;
        v += 2 * PATCH;
    }
}

#endif

uint32_t *eg_winograd_columns(const int8_t *const rows[PATCH], int32_t offset, int32_t step,
                              int32_t count, uint32_t *columns)
{
    for (; count > 0; --count) {
        columns = transform_column(rows, offset, columns);
        offset += step;
    }
    return columns;
}

void eg_winograd_input(const uint32_t *columns, uint32_t *v)
{
    transform_rows(columns, v);
    transform_rows(columns + PATCH, v + EG_WINOGRAD_V_WORDS);
}
