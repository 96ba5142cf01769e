/* Private to cl: launches of the tile and wide routes of convolutions, by conv->route. V = 8. Parameters as in
 * cl/ops/convolution.h. Local. */
#ifndef PNAS_CL_CONVOLUTION_TILE_H
#define PNAS_CL_CONVOLUTION_TILE_H

#include "cl/ops/convolution.h"

pnas_status pnas_convolution_tile_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                          const pnas_tap_range *range, pnas_slice weight,
                                          pnas_slice statistics);
pnas_status pnas_convolution_tile_input_gradient(pnas_cl *cl, pnas_launch_list *list,
                                                 const pnas_convolution *conv, const pnas_tap_range *range,
                                                 pnas_slice transposed, const pnas_upstream *y,
                                                 const pnas_downstream *dx);
pnas_status pnas_convolution_tile_weight_gradient(pnas_cl *cl, pnas_launch_list *list,
                                                  const pnas_convolution *conv, const pnas_tap_range *range,
                                                  const pnas_upstream *y, pnas_slice partial);
/* From the weights to the start of scratch, and from scratch's partial sums to the gradient. */
pnas_status pnas_convolution_tile_transpose(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                            pnas_slice scratch);
pnas_status pnas_convolution_tile_weight_sum(pnas_cl *cl, pnas_launch_list *list,
                                             const pnas_convolution *conv, pnas_slice scratch,
                                             pnas_slice weight_gradient);
/* Input gradient (if wanted) and partial sums of the weight gradient in one pass, for a window whose taps
 * each see one pixel of x, none of them twice, without padding. */
pnas_status pnas_convolution_tile_pointwise(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                            pnas_slice transposed, const pnas_upstream *y,
                                            const pnas_downstream *dx, pnas_slice partial);

#endif
