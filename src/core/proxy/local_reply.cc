#include "core/proxy/local_reply.h"

#include <fmt/format.h>

namespace hitless::proxy {
namespace {

LocalAnswer answer(int status, Flags flags, std::string details, std::string body) {
  LocalAnswer out;
  out.status = status;
  out.flags = flags;
  out.details = std::move(details);
  out.body = std::move(body);
  return out;
}

/// "Percent-Encoded" of gRPC's protocol over HTTP/2.
std::string grpcMessage(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 && c < 0x7f && c != '%') {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

LocalAnswer noRoute() {
  return answer(404, 0 | Flag::kNoRouteFound, "route_not_found", "");
}

LocalAnswer noCluster() {
  return answer(500, 0 | Flag::kNoClusterFound, "cluster_not_found", "");
}

LocalAnswer connectRefused() {
  return answer(405, 0, "connect_not_supported", "this proxy opens no tunnels");
}

LocalAnswer noUpstream() {
  return answer(503, 0 | Flag::kNoHealthyUpstream, "no_healthy_upstream", "no healthy upstream");
}

LocalAnswer overflow() {
  return answer(
      503, 0 | Flag::kUpstreamOverflow, "upstream_reset_before_response_started{overflow}",
      "upstream connect error or disconnect/reset before headers. reset reason: overflow");
}

LocalAnswer leaving() {
  return answer(503, 0 | Flag::kLocalReset, "proxy_leaving",
                "the proxy is leaving; nobody has seen this request");
}

int grpcStatusOf(int httpStatus) {
  switch (httpStatus) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

std::size_t sendAnswer(ServerSession& session, StreamId stream, const LocalAnswer& answer,
                       const AnswerForm& form) {
  ResponseHead head;
  head.status = answer.status;
  if (form.notDelivered) {
    head.fields.add(kNotDeliveredHeader, "1");
  }
  if (form.grpc) {
    head.status = 200;
    head.fields.add("content-type", "application/grpc");
    head.fields.add("grpc-status", std::to_string(grpcStatusOf(answer.status)));
    head.fields.add("grpc-message", grpcMessage(answer.body));
    session.respond(stream, head, true);
    return 0;
  }
  head.contentLength = answer.body.size();
  if (!answer.body.empty()) {
    head.fields.add("content-type", "text/plain");
  }
  const bool body = !answer.body.empty() && !form.toHead;
  session.respond(stream, head, !body);
  if (body) {
    session.send(stream, answer.body, true);
  }
  return body ? answer.body.size() : 0;
}

}  // namespace hitless::proxy
