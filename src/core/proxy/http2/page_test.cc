#include <gtest/gtest.h>

#include "base/count_text.h"
#include "core/proxy/http2/options.h"
#include "testing/page.h"

namespace hitless::proxy::http2 {
namespace {

std::string row(const std::string& what, std::uint64_t limit, const std::string& above) {
  return "| " + what + " | " + grouped(limit) + " | " + above + " |\n";
}

TEST(ProxyHttp2, LimitsAreOnTheirPage) {
  const Http2Options limits;
  const std::string flood = "ENHANCE_YOUR_CALM, the connection ends";
  hitless::testing::expectPagePart(
      "proxy.md", "http2 limits",
      "| limit | | beyond it |\n|---|---|---|\n" +
          row("requests at once", limits.maxConcurrentStreams,
              "REFUSED_STREAM, or, once the client knows the limit, the connection ends") +
          row("bytes of a head (RFC 9113 6.5.2)", limits.headerListBytes,
              "431; reset above four times as many") +
          row("CONTINUATION frames of a head", limits.maxContinuations, "the connection ends") +
          row("bytes of a body that have not gone on", limits.streamWindow, "FLOW_CONTROL_ERROR") +
          row("the same of all bodies", limits.connectionWindow,
              "FLOW_CONTROL_ERROR, the connection ends") +
          row("answers to PING and SETTINGS that wait", limits.maxQueuedAcks, flood) +
          row("frames but DATA that wait", limits.maxQueuedFrames, flood) +
          row("entries of SETTINGS", limits.maxSettings, flood) +
          row("RST_STREAM at once", limits.resetBurst, "the connection ends") +
          row("RST_STREAM a second after that", limits.resetsPerSecond, "the connection ends") +
          row("requests given up before an answer, less those that ended",
              limits.maxUnansweredResets, "GOAWAY as at a drain; at twice as many " + flood) +
          row("requests to an upstream whose SETTINGS have not come", limits.assumedStreams,
              "others wait or take another connection"));
}

}  // namespace
}  // namespace hitless::proxy::http2
