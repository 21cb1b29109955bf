// Submits a job, follows it over the event bus, and says how it ended. docs/events.md has the messages.
import io.vertx.core.json.JsonArray
import io.vertx.core.json.JsonObject

def config = vertx.orCreateContext.config()
def bus = vertx.eventBus()
def source = config.getString('source', "print('hello from Groovy', flush=True)")
def submit = [op: 'submit', owner: 'hello-groovy', job: [source: source]]

bus.request('onpyrunner.jobs', new JsonObject(submit)).onComplete({ reply ->
    String id = reply.body().getString('id')
    System.err.println "Hello.groovy: job ${id[0..<10]} is submitted"
    // What comes by the bus is quick; the job itself is asked when it is over, so that nothing is missed.
    def events = bus.consumer("onpyrunner.job.$id") { message ->
        if (message.body()) {
            new JsonArray(message.body()).each { event ->
                if (event.k == 'out') System.err.print "Hello.groovy: it printed: ${event.d}"
            }
        }
    }
    def over = false
    def look
    look = {
        bus.request('onpyrunner.jobs', new JsonObject([op: 'get', id: id])).onSuccess { found ->
            def job = found.body()
            if (job.getString('status') in ['QUEUED', 'RUNNING']) {
                vertx.setTimer(1000) { look() } // in case its end was missed
            } else if (!over) {
                over = true
                System.err.println "Hello.groovy: ${job.getString('status')} ${job.getString('outcome')}: ${job.getString('stdout').trim()}"
                events.unregister()
            }
        }
    }
    bus.consumer('onpyrunner.ends') { message ->
        if (message.body().getString('id') == id) look()
    }
    look()
}, { failure -> System.err.println "Hello.groovy: $failure.message" })
