/* One step of an optimizer on WIDTH parameters, for update.cl and update_gpu.cl, which say what OPTIMIZER is. */
#ifndef UPDATE_STEP_H
#define UPDATE_STEP_H

typedef struct {
    float rate, weight_decay, momentum, beta1, new1, beta2, new2, epsilon;
    float correction1, correction2; /* Adam: 1 - beta^t and its root for the second */
    int nesterov;
} settings;

/* One step of WIDTH parameters; g is clipped and decayed. first, second: moments. */
INLINE REAL step(const settings s, const REAL parameter, const REAL g, REAL *first, REAL *second)
{
#if OPTIMIZER == 0
    *first = fma((REAL)(s.momentum), *first, g);
    const REAL direction = s.nesterov ? fma((REAL)(s.momentum), *first, g) : *first;
    return parameter - s.rate * direction;
#elif OPTIMIZER == 1
    *first = s.beta1 * *first + s.new1 * g;
    *second = s.beta2 * *second + s.new2 * g * g;
    return parameter -
           (s.rate / s.correction1) * *first / (sqrt(*second) / s.correction2 + (REAL)(s.epsilon));
#else
    *first = s.beta2 * *first + s.new2 * g * g;
    *second = s.momentum * *second + g / (sqrt(*first) + (REAL)(s.epsilon));
    return parameter - s.rate * *second;
#endif
}

#endif
