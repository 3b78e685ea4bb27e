#pragma once

#include <string_view>

#include "core/proxy/replay/failure.h"
#include "core/proxy/session.h"

/// Answers of the proxy itself.
namespace hitless::proxy {

LocalAnswer noRoute();
LocalAnswer noCluster();
LocalAnswer connectRefused();  ///< CONNECT, which is not for us.
LocalAnswer noUpstream();
LocalAnswer overflow();
LocalAnswer leaving();  ///< The proxy ends, and no upstream has seen the request.

/// How a client of gRPC is told
/// (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md).
int grpcStatusOf(int httpStatus);

struct AnswerForm {
  bool toHead = false;        ///< The request is a HEAD: no body.
  bool grpc = false;          ///< To a client of gRPC: nothing but trailers.
  bool notDelivered = false;  ///< With kNotDeliveredHeader.
};
/// Sends the whole answer. Yields the bytes of the body.
std::size_t sendAnswer(ServerSession& session, StreamId stream, const LocalAnswer& answer,
                       const AnswerForm& form);

}  // namespace hitless::proxy
