/* Sizes of a window, which the build options set (pnas_op_window_options of cl/ops/op_arguments.h). */
#ifndef WINDOW_H
#define WINDOW_H

#ifndef KERNEL_H
#define KERNEL_H 3
#endif
#ifndef KERNEL_W
#define KERNEL_W 3
#endif
#ifndef STRIDE_H
#define STRIDE_H 1
#endif
#ifndef STRIDE_W
#define STRIDE_W 1
#endif
#ifndef DILATION
#define DILATION 1
#endif

/* Rows and columns from its first tap to its last. */
#define SPAN_H ((KERNEL_H - 1) * DILATION + 1)
#define SPAN_W ((KERNEL_W - 1) * DILATION + 1)

#endif
