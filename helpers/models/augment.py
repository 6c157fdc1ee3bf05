"""How do a thousand patches become more? Changes to training batches that leave the genre alone.

Each works on TensorFlow tensors: patches, shape (n, mel bands, frames), and one-hot labels, shape
(n, n_genres). `models.NetworkClassifier` calls it for every batch, with other dice each time.
"""


def mask(X, y, bands=16, frames=32):
    """Cover up to so many mel bands and up to so many frames of each patch with its mean.

    After SpecAugment (Park et al. 2019).
    """
    import tensorflow as tf

    shape = tf.shape(X)

    def covered(size, widest):
        width = tf.random.uniform((shape[0], 1), 0, widest + 1, tf.int32)
        room = tf.cast(size - width + 1, tf.float32)
        start = tf.cast(tf.random.uniform((shape[0], 1)) * room, tf.int32)
        place = tf.range(size)[tf.newaxis]
        return (place >= start) & (place < start + width)

    hidden = covered(shape[1], bands)[:, :, tf.newaxis] | covered(shape[2], frames)[:, tf.newaxis]
    return tf.where(hidden, tf.reduce_mean(X, axis=(1, 2), keepdims=True), X), y


def mixup(X, y, alpha=0.4):
    """Blend each patch with another of the batch, and their labels alike.

    The share is drawn from a beta distribution with both parameters alpha (Zhang et al. 2018).
    """
    import tensorflow as tf

    X, y = tf.convert_to_tensor(X), tf.convert_to_tensor(y)
    n = tf.shape(X)[0]
    a, b = tf.unstack(tf.random.gamma((2, n), alpha))
    share = a / (a + b + 1e-12)
    order = tf.random.shuffle(tf.range(n))

    def blend(z):
        s = tf.reshape(share, [-1] + [1] * (z.shape.rank - 1))
        return s * z + (1 - s) * tf.gather(z, order)

    return blend(X), blend(y)
