#include "core/proxy/http2/error_code.h"

#include <nghttp2/nghttp2.h>

namespace hitless::proxy::http2 {

StreamError streamError(std::uint32_t code) {
  switch (code) {
    case NGHTTP2_NO_ERROR:
      return StreamError::kNone;
    case NGHTTP2_PROTOCOL_ERROR:
    case NGHTTP2_FLOW_CONTROL_ERROR:
    case NGHTTP2_SETTINGS_TIMEOUT:
    case NGHTTP2_STREAM_CLOSED:
    case NGHTTP2_FRAME_SIZE_ERROR:
    case NGHTTP2_COMPRESSION_ERROR:
    case NGHTTP2_INADEQUATE_SECURITY:
    case NGHTTP2_HTTP_1_1_REQUIRED:
      return StreamError::kProtocol;
    case NGHTTP2_REFUSED_STREAM:
      return StreamError::kRefused;
    case NGHTTP2_CANCEL:
      return StreamError::kCancel;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return StreamError::kEnhanceYourCalm;
    default:
      return StreamError::kInternal;
  }
}

std::uint32_t errorCode(StreamError error, bool server) {
  switch (error) {
    case StreamError::kNone:
      return NGHTTP2_NO_ERROR;
    case StreamError::kProtocol:
      return NGHTTP2_PROTOCOL_ERROR;
    case StreamError::kCancel:
      return NGHTTP2_CANCEL;
    case StreamError::kRefused:
      return NGHTTP2_REFUSED_STREAM;
    case StreamError::kEnhanceYourCalm:
      return NGHTTP2_ENHANCE_YOUR_CALM;
    case StreamError::kInternal:
      return NGHTTP2_INTERNAL_ERROR;
    case StreamError::kConnectionEnded:
      // A client is owed an answer that will not come; an upstream's is not wanted any more.
      return server ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_CANCEL;
  }
  return NGHTTP2_INTERNAL_ERROR;
}

}  // namespace hitless::proxy::http2
