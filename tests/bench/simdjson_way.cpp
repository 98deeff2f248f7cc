// Four fields of a JSON text by simdjson's on-demand parser, for orientation beside ours: it checks no
// more of the text than it needs on its way to them.

#include <simdjson.h>

extern "C" uint64_t simdjson_way(const uint8_t *bytes, size_t len);

// At least 64 bytes behind the text must be readable. 0: one of the fields is not there.
uint64_t simdjson_way(const uint8_t *bytes, size_t len)
{
    static simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    std::string_view id, lead, url;
    int64_t time;

    if (parser.iterate(reinterpret_cast<const char *>(bytes), len, len + simdjson::SIMDJSON_PADDING)
            .get(document) ||
        document["id"].get(id) || document["lead"].get(lead) || document["time"].get(time) ||
        document["url"].get(url))
        return 0;
    return id.size() + lead.size() + url.size() + static_cast<uint64_t>(time);
}
