/* Consumer BOOTSTRAP GROUP COUNT TOPIC...: the first COUNT records of the topics, as Kafka's own
 * client for Java and the CloudEvents SDK read them: one line each, fields parted by tabs, bytes in
 * Base64, what is absent as a hyphen. */

import io.cloudevents.CloudEvent;
import io.cloudevents.kafka.KafkaMessageFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class Consumer {
    private static String base64(byte[] bytes) {
        return bytes == null ? "-" : Base64.getEncoder().encodeToString(bytes);
    }

    private static String header(ConsumerRecord<String, byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? "-" : new String(header.value(), StandardCharsets.UTF_8);
    }

    private static void print(ConsumerRecord<String, byte[]> record) {
        String event = "-\t-\t-\t-\t-\t-\t-";
        if (record.value() != null) {
            CloudEvent e = KafkaMessageFactory.createReader(record).toEvent();
            event = String.join("\t", e.getId(), e.getType(), e.getSource().toString(), e.getSubject(),
                                e.getTime().toInstant().toString(), e.getDataContentType(),
                                base64(e.getData().toBytes()));
        }
        System.out.println(String.join("\t", record.topic(), "" + record.partition(), "" + record.offset(), record.key(),
                                       header(record, "ce_type"), base64(record.value()), event));
    }

    public static void main(String[] args) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        properties.put("group.id", args[1]);
        properties.put("auto.offset.reset", "earliest");
        try (KafkaConsumer<String, byte[]> consumer =
                 new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer())) {
            long end = System.nanoTime() + 60_000_000_000L;
            consumer.subscribe(Arrays.asList(args).subList(3, args.length));
            for (int left = Integer.parseInt(args[2]); left > 0;) {
                if (System.nanoTime() > end)
                    throw new IllegalStateException(left + " records did not come");
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    print(record);
                    left--;
                }
            }
        }
    }
}
