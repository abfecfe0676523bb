//! Headers of DRM systems change, and nothing else does.
