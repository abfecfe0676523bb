// Decrypts an MP4 in memory with Bento4's CENC processor, keys given by track ID: Bento4 finds the key ID of PIFF
// tracks nowhere, so keys by key ID would leave them encrypted without a word.

#include "Ap4.h"
#include <cstdlib>
#include <cstring>

struct TrackKey {
    AP4_UI32 track_id;
    AP4_UI08 key[16];
};

extern "C" int boxlock_bento4_decrypt(const AP4_UI08* input, AP4_UI32 input_size, const TrackKey* keys,
                                      AP4_UI32 key_count, AP4_UI08** output, AP4_UI32* output_size) {
    AP4_ProtectionKeyMap map;
    for (AP4_UI32 i = 0; i < key_count; i++) {
        map.SetKey(keys[i].track_id, keys[i].key, 16);
    }
    AP4_MemoryByteStream* in = new AP4_MemoryByteStream(input, input_size);
    AP4_MemoryByteStream* out = new AP4_MemoryByteStream();
    AP4_CencDecryptingProcessor processor(&map);
    AP4_Result result = processor.Process(*in, *out, NULL);
    if (AP4_SUCCEEDED(result)) {
        *output_size = out->GetDataSize();
        *output = static_cast<AP4_UI08*>(malloc(*output_size));
        memcpy(*output, out->GetData(), *output_size);
    }
    in->Release();
    out->Release();
    return result;
}

extern "C" void boxlock_bento4_free(AP4_UI08* output) {
    free(output);
}

extern "C" int boxlock_bento4_encrypt(const AP4_UI08* input, AP4_UI32 input_size, const TrackKey* keys,
                                      AP4_UI32 key_count, const char* kid, const AP4_UI08* iv, int variant,
                                      AP4_UI32 options, AP4_UI08** output, AP4_UI32* output_size) {
    AP4_MemoryByteStream* in = new AP4_MemoryByteStream(input, input_size);
    AP4_MemoryByteStream* out = new AP4_MemoryByteStream();
    AP4_CencEncryptingProcessor processor(static_cast<AP4_CencVariant>(variant), options);
    for (AP4_UI32 i = 0; i < key_count; i++) {
        processor.GetKeyMap().SetKey(keys[i].track_id, keys[i].key, 16, iv, 16);
        processor.GetPropertyMap().SetProperty(keys[i].track_id, "KID", kid);
    }
    AP4_Result result = processor.Process(*in, *out, NULL);
    if (AP4_SUCCEEDED(result)) {
        *output_size = out->GetDataSize();
        *output = static_cast<AP4_UI08*>(malloc(*output_size));
        memcpy(*output, out->GetData(), *output_size);
    }
    in->Release();
    out->Release();
    return result;
}
