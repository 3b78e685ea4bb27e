#include "sys/http/channel.h"

#include "sys/http/stream_channel.h"

namespace hitless::sys {

using Socket = boost::asio::ip::tcp::socket;

template <>
bool StreamChannel<Socket>::isEnd(const Code& error) {
  return error == boost::asio::error::eof;
}

std::shared_ptr<Channel> makePlainChannel(boost::asio::io_context& io) {
  return std::make_shared<StreamChannel<Socket>>(io);
}

Error channelError(std::string_view what, const boost::system::error_code& error) {
  if (error.category() == boost::system::system_category()) {
    Error result = osError(what, error.value());
    if (result.kind == ErrorKind::kInternal) {
      result.kind = ErrorKind::kUnavailable;
    }
    return result;
  }
  return Error{ErrorKind::kUnavailable, std::string(what) + ": " + error.message(), {}, {}, 0};
}

}  // namespace hitless::sys
