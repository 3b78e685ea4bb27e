#include "core/nft/user_data.h"

#include <string_view>
#include <vector>

namespace hitless::nft {
namespace {

constexpr std::size_t kMaxComment = 128;

}  // namespace

void encodeComment(netlink::Writer& writer, std::uint16_t attribute, std::uint8_t tag,
                   const std::string& comment) {
  if (comment.empty()) {
    return;
  }
  const std::string_view text = std::string_view(comment).substr(0, kMaxComment);
  std::vector<std::uint8_t> bytes{tag, static_cast<std::uint8_t>(text.size() + 1)};
  bytes.insert(bytes.end(), text.begin(), text.end());
  bytes.push_back(0);
  writer.put(attribute, bytes);
}

std::string decodeComment(netlink::ByteView userdata, std::uint8_t tag) {
  while (userdata.size() >= 2 && userdata.size() >= std::size_t{2} + userdata[1]) {
    const netlink::ByteView value = userdata.subspan(2, userdata[1]);
    if (userdata[0] == tag) {
      return std::string(netlink::Attribute{0, value}.text());
    }
    userdata = userdata.subspan(std::size_t{2} + userdata[1]);
  }
  return {};
}

}  // namespace hitless::nft
