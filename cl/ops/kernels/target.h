/* What softmax cross entropy aims at for an image of the records (records.h). */
#ifndef TARGET_H
#define TARGET_H

/* What the loss aims at for an image: (1 - smoothing) (share of label + 1 - share of other), and smoothing for
 * all classes together. */
typedef struct {
    int label, other;
    float share, smoothing;
} target;

INLINE target target_make(const __global int *record, const __global int *mix, const float smoothing)
{
    target t;
    t.label = t.other = record[LABEL];
    t.share = 1.0f;
    t.smoothing = smoothing;
    if (mix) {
        t.other = mix[LABEL];
        t.share = as_float(mix[MIX_LABEL_SHARE]);
    }
    return t;
}

/* The sum over all classes of the target times (logit - largest); all: the sum of logit - largest, read where
 * the target is smoothed. Minus infinity counts only where the target is not zero. */
INLINE float target_aimed(const target t, const __global float *logits, const float largest, const float all,
                          const int classes)
{
    float aimed = logits[t.label] - largest;
    if (t.share < 1.0f)
        aimed = t.share * aimed + (1.0f - t.share) * (logits[t.other] - largest);
    if (t.smoothing > 0.0f)
        aimed = (1.0f - t.smoothing) * aimed + t.smoothing * (all / (float)classes);
    return aimed;
}

/* The class that is right: the label with the larger share. */
INLINE int target_right(const target t)
{
    return t.share < 0.5f ? t.other : t.label;
}

/* The target of class k. */
INLINE float target_share(const target t, const int k, const int classes)
{
    const float low = t.smoothing / (float)classes, high = 1.0f - t.smoothing;
    const float shares = (k == t.label ? t.share : 0.0f) + (k == t.other ? 1.0f - t.share : 0.0f);
    return high * shares + low;
}

#endif
