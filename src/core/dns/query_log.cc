#include "core/dns/query_log.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/dns/packet.h"

namespace hitless::dns {
namespace {

Rcode rcodeOf(ByteView answer) {
  return static_cast<Rcode>(readU16(answer, kFlagsAt) & kRcodeMask);
}

std::string flagsOf(ByteView answer) {
  struct Flag {
    std::uint16_t bit;
    std::string_view name;
  };
  constexpr Flag kFlags[] = {{kFlagResponse, "qr"},           {kFlagAuthoritative, "aa"},
                             {kFlagTruncated, "tc"},          {kFlagRecursionDesired, "rd"},
                             {kFlagRecursionAvailable, "ra"}, {kFlagAuthenticData, "ad"},
                             {kFlagCheckingDisabled, "cd"}};
  std::string text;
  for (const Flag& flag : kFlags) {
    if ((readU16(answer, kFlagsAt) & flag.bit) != 0) {
      text += text.empty() ? "" : ",";
      text += flag.name;
    }
  }
  return text;
}

}  // namespace

Result<LogClasses> LogClasses::parse(std::string_view text) {
  LogClasses classes;
  for (const std::string_view word : split(text, ',')) {
    if (word == "all") {
      classes = {true, true, true};
    } else if (word == "success") {
      classes.success = true;
    } else if (word == "denial") {
      classes.denial = true;
    } else if (word == "error") {
      classes.error = true;
    } else {
      return invalid(fmt::format("\"{}\" is no class of answers", word),
                     "use success, denial, error or all, separated by commas");
    }
  }
  return classes;
}

bool wanted(const LogClasses& classes, ByteView answer) {
  const Rcode rcode = rcodeOf(answer);
  if (rcode != Rcode::kNoError && rcode != Rcode::kNxDomain) {
    return classes.error;
  }
  const bool empty = readU16(answer, kAnswerCountAt) == 0;
  return rcode == Rcode::kNxDomain || empty ? classes.denial : classes.success;
}

std::string logLine(const LogEntry& entry, const Query& query, ByteView answer) {
  const std::string remote =
      entry.client.isV4() ? entry.client.text() : "[" + entry.client.text() + "]";
  std::string name;  // In the spelling of the client.
  if (!query.question.asked.empty()) {
    const ByteView asked = query.question.asked;
    name = textOf({reinterpret_cast<const char*>(asked.data()), asked.size()});
  }
  const double taken = static_cast<double>(entry.duration.count()) / 1e9;
  return fmt::format("{}:{} - {} \"{} {} {} {} {} {} {}\" {} {} {} {:.9f}s", remote, entry.port,
                     query.id, text(query.question.type), text(query.question.klass), name,
                     entry.transport == Transport::kUdp ? "udp" : "tcp", entry.requestSize,
                     query.edns && query.edns->dnssecOk,
                     query.edns ? query.edns->payload : kPlainUdpSize, text(rcodeOf(answer)),
                     flagsOf(answer), answer.size(), taken);
}

}  // namespace hitless::dns
