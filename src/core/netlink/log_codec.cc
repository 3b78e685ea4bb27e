#include "core/netlink/log_codec.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>

namespace hitless::netlink {
namespace {

constexpr std::uint16_t typeOf(std::uint16_t message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_ULOG << 8 | message);
}

template <class Struct>
ByteView bytesOf(const Struct& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

template <class Body>
Bytes message(std::uint16_t type, std::uint16_t flags, std::uint16_t group, std::uint32_t sequence,
              Body body) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(typeOf(type), flags, sequence);
  writer.header(nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(group)});
  body(writer);
  writer.end();
  return bytes;
}

constexpr std::uint16_t kConfigure = NLM_F_REQUEST | NLM_F_ACK;

}  // namespace

Bytes encodeLogBind(std::uint16_t group, std::uint32_t sequence) {
  return message(NFULNL_MSG_CONFIG, kConfigure, group, sequence, [](Writer& writer) {
    const nfulnl_msg_config_cmd command{NFULNL_CFG_CMD_BIND};
    writer.put(NFULA_CFG_CMD, bytesOf(command));
  });
}

Bytes encodeLogCopy(std::uint16_t group, std::uint32_t bytes, std::uint32_t sequence) {
  return message(NFULNL_MSG_CONFIG, kConfigure, group, sequence, [&](Writer& writer) {
    nfulnl_msg_config_mode mode{};
    mode.copy_range = htonl(bytes);
    mode.copy_mode = NFULNL_COPY_PACKET;
    writer.put(NFULA_CFG_MODE, bytesOf(mode));
    writer.putBe32(NFULA_CFG_QTHRESH, 1);
  });
}

ByteView loggedPacket(const Message& message) {
  return message.type == typeOf(NFULNL_MSG_PACKET)
             ? message.attributes(sizeof(nfgenmsg)).payload(NFULA_PAYLOAD)
             : ByteView{};
}

Bytes encodeLogged(std::uint16_t group, ByteView packet) {
  return message(NFULNL_MSG_PACKET, 0, group, 0,
                 [&](Writer& writer) { writer.put(NFULA_PAYLOAD, packet); });
}

}  // namespace hitless::netlink
